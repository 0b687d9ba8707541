"""What scripts/run_study.py does around Snakemake: before it, while it runs, and after it."""
