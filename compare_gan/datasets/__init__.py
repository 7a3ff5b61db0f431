"""Datasets: names, shapes, splits."""
