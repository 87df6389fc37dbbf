"""An engine in any language: JSON-RPC 2.0 over the standard input and output of a process."""

from conformance.adapters.process.adapter import ProcessAdapter

__all__ = ("ProcessAdapter",)
