"""Modelworks: a declarative build system for language-model research."""
