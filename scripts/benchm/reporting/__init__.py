"""What merge, tables, figures and report share. None of it touches a measurement."""
