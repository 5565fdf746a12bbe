"""Plots as values: scales, panels and marks that a template writes as SVG. It knows no model, no request, no colour."""
