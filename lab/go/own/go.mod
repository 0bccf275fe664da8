module lab/own

go 1.26
