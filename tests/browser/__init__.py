"""Looks at pages as a reader does: Chromium at three widths, light and dark, with axe-core (`make browser`)."""
