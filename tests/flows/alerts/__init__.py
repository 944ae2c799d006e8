"""Tests of the alert journey, all over one installation for each pytest worker."""
