"""The frontier of codes: what every code of pools costs for the error that it leaves, on five circuits.

points    lists what is measured of each code
circuits  makes the circuits, and the drives that they are judged on
measure   compiles and runs a point, and says what it came to
peer      has the same four units built with NEF, and judges them alike
table     keeps rows in docs/studies/frontier.csv, and tells them to people
picture   draws the frontier
"""
