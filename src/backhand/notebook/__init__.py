"""How a notebook shows the objects of Backhand: tables, figures and curves as HTML that needs nothing from outside.

Text and lines take their colour from the notebook, so that they are readable on a light and on a dark ground.
"""
