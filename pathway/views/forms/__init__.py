"""Forms of the screens and how they are drawn. Forms clean input; what it means is decided in the engine."""
