"""The parity card's parts: what holds an adapter's numbers against the network of the protocol."""
