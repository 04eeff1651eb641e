"""What is read off a network: distances, features, condensation, tangent kernel and tangent model."""
