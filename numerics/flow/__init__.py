"""gradient_flow(): networks of any depth, integrated to a Solution."""
