"""What NiceGUI does not bring: elements of our own, each a small JavaScript file and its Python side."""
