"""The explorer: a page in the browser with the derived diagram, and the networks that one clicks on in it, trained.

From the ground up: state (what is asked, as a link keeps it), map (the diagram as numbers to draw), training, code (the Python
lines of what is seen), words; pictures, page and server, which need Panel and Bokeh, an extra.
"""
