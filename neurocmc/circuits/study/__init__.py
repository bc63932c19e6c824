"""Plans, trains, measures and tables studies: regions x variants x seeds.

plan          reads the plan of a study, and what it keeps of each run
result_files  checks what it keeps
run           trains a run, and says what its circuit does
landscape     measures the loss around a trained model
table         makes the tables
"""
