"""Phase diagrams: slopes, boundaries and regions over a plane of initialisations, exact."""
