"""The credential library: what a micro-credential is, when it is complete, and its badge."""
