"""Tests layers of excitation and inhibition that divide, their study and their page."""
