def register(checks): pass
