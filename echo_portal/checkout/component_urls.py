from django.urls import path

from echo_portal.checkout import components

urlpatterns = [path("", components.components, name="components")]
