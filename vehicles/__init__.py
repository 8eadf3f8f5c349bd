"""Vehicles and drivers."""
