"""The report of a bag: numbers, plots and a page.

Nothing that writes a bag.
Begin with report.py.
"""
