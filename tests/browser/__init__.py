"""Looks at pages as a reader does: headless Chromium at three widths, light and dark, with axe-core (`make browser`)."""
