"""How the documentation is built: ``sphinx-build --fail-on-warning docs build/docs``. Nothing is fetched from the network."""

import re
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx import addnodes
from sphinx.domains.python import PyObject

import phasetheory as pt

project = "phasetheory"
author = "The phasetheory developers"
copyright = f"2026, {author}"
version = release = installed_version("phasetheory")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinx-mathjax-offline",  # copies MathJax beside the pages
]
exclude_patterns = ["about.md", "gallery"]  # the first is a part of the first page
made = Path(__file__).parent / "made"  # pages written by the build
templates_path = ["templates"]

html_theme = "furo"
html_title = "phasetheory"
html_static_path = ["static"]
html_css_files = ["pages.css"]

myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

autodoc_typehints = "none"  # the docstrings say the types, with shapes
autosummary_generate = True
autosummary_filename_map = {  # a file system may not tell them from Features and Condensation
    "numerics.features": "numerics.features-function",
    "numerics.condensation": "numerics.condensation-function",
}
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False  # a shape (n, d) is no reference to d
napoleon_use_rtype = False
napoleon_custom_sections = ["Accuracy", "Source"]
python_use_unqualified_type_names = True

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "made/gallery",
    "filename_pattern": r"/\d",
    "ignore_pattern": r"__init__",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "capture_repr": (),  # what is printed, no representations of Axes
    "min_reported_time": 1e9,  # times differ from build to build
    "remove_config_comments": True,
    "show_signature": False,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "backreferences_dir": None,
    "write_computation_times": False,
}


def escape_bars(app, what, name, object_, options, lines):
    """Bars in docstrings are absolute values, and no substitutions of reStructuredText."""
    literal = None
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.strip() and literal is not None and indent <= literal:
            literal = None
        if literal is None and not line.lstrip().startswith((">>>", "...")):
            parts = line.split("``")
            lines[i] = "``".join(part if k % 2 else part.replace("|", r"\|") for k, part in enumerate(parts))
        if line.rstrip().endswith("::"):
            literal = indent


def divide_first_line(app, what, name, object_, options, lines):
    """A colon in the first sentence of a property does not end a type."""
    if what in ("attribute", "data", "property") and lines and ": " in lines[0]:
        lines[:1] = lines[0].replace(": ", ":\n", 1).splitlines()


def set_attributes_right(app, what, name, object_, options, lines):
    """Several attributes of one line keep together; their types name shapes, such as (widths, seeds), and no references."""
    for i, line in enumerate(lines):
        if found := re.fullmatch(r":(ivar|vartype) ([^:]+):(.*)", line):
            field, names, rest = found[1], found[2].replace(", ", ","), found[3].strip()
            plain = field == "vartype" and rest and not set(rest) & set("`*")
            lines[i] = f":{field} {names}: *{rest}*" if plain else f":{field} {names}: {rest}"


def write_derivations(app):
    """The derivation of two and of three layers, as pages in English and in Chinese."""
    made.mkdir(exist_ok=True)
    for depth in (2, 3):
        derivation = pt.derive(depth=depth)
        for ending, language in (("", "en"), ("-zh", "zh")):
            page = pt.write(derivation, "markdown", language)
            (made / f"derivation-{depth}{ending}.md").write_text(page, encoding="utf-8")


def shorten_navigation(app, env):
    """The sidebar, which every page has, ends at the pages of the reference: they list the 240 names that have a page each."""
    for page, contents in env.tocs.items():
        if page.startswith("api/") and page != "api/index":
            for tree in contents.findall(addnodes.toctree):
                tree["entries"] = []


def setup(app):
    """What is written before pages are read, and what is done to docstrings."""
    (attributes,) = (field for field in PyObject.doc_field_types if field.name == "variable")
    attributes.label = "Attributes"
    app.connect("builder-inited", write_derivations)
    app.connect("env-updated", shorten_navigation)
    app.connect("autodoc-process-docstring", escape_bars, priority=400)
    app.connect("autodoc-process-docstring", divide_first_line, priority=400)
    app.connect("autodoc-process-docstring", set_attributes_right, priority=600)  # after napoleon
