"""Events to tables, and questions about any moment answered from them."""
