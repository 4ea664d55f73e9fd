"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""

from django.contrib import admin

from newsletters.models import Issue

admin.site.register(Issue)  # to be replaced when merged
