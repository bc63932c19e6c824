"""Makes many circuits, compiles, measures, tables and draws them: variants x seeds, of any family.

run             does the whole, and goes on where an earlier call stopped
plan            reads a study of any family
families        defines what a family of circuits does, and knows those that there are
trained         trains circuits of the families cmc, memory and swta
written         makes circuits of YAML files
measures        defines what a measure is, and knows those that there are
own_measures    has those that come along
plugins         finds families and measures by name, installed or in a file
made            holds a run as measures see it
steps           makes, compiles and measures one run
measured        does all of them
measured_table  makes their tables
pictures        draws what a study names, from its table
regions         does a study of regions and ablations of the family cmc
chip            compiles and verifies its trained runs
figures         draws all of its runs against each other, and what single circuits do
result          holds its result
"""
