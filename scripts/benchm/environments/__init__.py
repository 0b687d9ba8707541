"""How scripts/build_environments.py builds environments and remembers what came of it."""
