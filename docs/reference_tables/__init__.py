"""The generated pages of the reference: what the code's own tables say, as Markdown.

No text of its own about the arm; a table that lacks a description gets it in the code.
Begin with __main__.py.
"""
