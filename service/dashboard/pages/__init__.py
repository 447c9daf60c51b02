"""The pages, one module each; `install` adds it to a site."""
