"""The meter's parts: what watches an adapter from outside and writes its record."""
