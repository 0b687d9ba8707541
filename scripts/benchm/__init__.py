"""The library behind the programs: rules import it as ``scripts.benchm``, programs as ``benchm``.

It imports nothing from programs, tools or workloads, and within itself only by relative imports,
so that it is one library under either name.
"""
