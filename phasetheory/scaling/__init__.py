"""How far each layer moves: the scaling argument and what follows from it. Derived."""
