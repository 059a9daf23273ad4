"""The pure core: what decisions, orders, fills, positions and limits are, and what follows from them."""
