"""The laws: one module an area, one function a rule, each reading like the sentence it encodes."""
