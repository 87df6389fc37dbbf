"""Engines small enough to read in one sitting, for people who write their own."""
