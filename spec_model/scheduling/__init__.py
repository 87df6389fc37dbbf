"""Which nodes a Pod may be bound to, which of them it prefers, and who is put out of a full one."""
