"""The commands of ``kubelaws``, one module each."""
