"""Data of any size for benchmarks: rows that services could have made, made in bulk."""
