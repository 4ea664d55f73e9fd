"""What the sample hubs say about themselves, and the logos of two of them, drawn here so that no picture is in the repository."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from hubs.models import Hub
from hubs.services import logos

PAGES: dict[str, dict[str, Any]] = {
    "northern-ontario": {
        "region_en": "Northwestern and Northeastern Ontario",
        "region_fr": "Nord-Ouest et Nord-Est de l’Ontario",
        "audience": ["physician", "nurse-practitioner", "registered-nurse", "paramedic", "personal-support-worker"],
        "website": "https://northern-ontario.example.ca",
        "description_en": (
            "We are two palliative care physicians, a nurse practitioner and an Indigenous patient navigator in Sudbury "
            "and Thunder Bay.\n\n"
            "Many people in our region live hours away from a specialist. Our sessions bring their care teams together in "
            "the evening, around their own cases: pain at home, going home to the community, care in the ambulance."
        ),
        "description_fr": (
            "Nous sommes deux médecins en soins palliatifs, une infirmière praticienne et une intervenante-pivot autochtone, "
            "à Sudbury et à Thunder Bay.\n\n"
            "Dans notre région, bien des gens vivent à des heures de route d’une ou d’un spécialiste. Le soir, nos séances "
            "réunissent leurs équipes de soins autour de leurs propres cas : la douleur à domicile, le retour dans la "
            "communauté, les soins en ambulance."
        ),
    },
    "maritimes": {
        "region_en": "The four Atlantic provinces",
        "region_fr": "Les quatre provinces de l’Atlantique",
        "audience": [],
        "website": "https://maritimes.example.ca",
        "description_en": (
            "We are home care and hospice teams from Moncton, Halifax, Charlottetown and St. John’s.\n\n"
            "We meet over lunch, one topic at a time, with a short talk and a case from one of the four provinces. "
            "Volunteers and family physicians are as welcome as specialists."
        ),
        "description_fr": (
            "Nous sommes des équipes de soins à domicile et de maisons de soins palliatifs de Moncton, d’Halifax, de "
            "Charlottetown et de St. John’s.\n\n"
            "Nous nous réunissons sur l’heure du midi, un sujet à la fois, avec un court exposé et un cas de l’une des quatre "
            "provinces. Les bénévoles et les médecins de famille sont les bienvenus, tout comme les spécialistes."
        ),
    },
    "prairies": {
        "region_en": "Small towns and rural areas of the Prairies",
        "region_fr": "Petites villes et campagnes des Prairies",
        "audience": ["registered-nurse", "practical-nurse", "social-worker", "spiritual-care", "manager"],
        "website": "https://prairies.example.ca",
        "description_en": (
            "A specialist in Saskatoon, with social workers and spiritual care practitioners in Edmonton and Winnipeg.\n\n"
            "Our series are about the people who care: grief in the team, hard conversations, and symptoms that worry "
            "everyone at night."
        ),
        "description_fr": (
            "Une spécialiste à Saskatoon, avec des travailleuses et travailleurs sociaux et des intervenantes et intervenants "
            "en soins spirituels à Edmonton et à Winnipeg.\n\n"
            "Nos séries portent sur celles et ceux qui soignent : le deuil dans l’équipe, les conversations difficiles et les "
            "symptômes qui inquiètent tout le monde la nuit."
        ),
    },
    "estrie": {
        "region_en": "Eastern Townships",
        "region_fr": "Estrie",
        "audience": ["physician", "registered-nurse", "social-worker", "occupational-therapist"],
        "website": "https://estrie.example.ca",
        "description_en": (
            "Home support teams from Sherbrooke to Lac-Mégantic, with the palliative care physicians of the university "
            "hospital. Each session starts from a case that a team brings."
        ),
        "description_fr": (
            "Les équipes de soutien à domicile de Sherbrooke à Lac-Mégantic, avec les médecins en soins palliatifs du centre "
            "hospitalier universitaire. Chaque séance part d’un cas qu’une équipe apporte."
        ),
    },
}

SPRUCE, CLAY, WATER, SAND, NIGHT = "#0d5650", "#b4622d", "#2b6f8f", "#e9dcc0", "#1d3b53"
Draw = Callable[[ImageDraw.ImageDraw], None]


def _lighthouse(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([(270, 100), (330, 100), (350, 420), (250, 420)], fill="white", outline=NIGHT, width=8)
    draw.polygon([(263, 190), (337, 190), (343, 260), (257, 260)], fill=CLAY)
    draw.rectangle([258, 60, 342, 104], fill=NIGHT)
    draw.polygon([(250, 60), (350, 60), (300, 20)], fill=CLAY)
    draw.polygon([(342, 72), (560, 20), (560, 140), (342, 92)], fill=SAND)
    for n, height in enumerate((410, 445)):
        for x in range(20 + 40 * n, 560, 110):
            draw.arc([x, height, x + 110, height + 50], 180, 360, fill=WATER, width=12)


def _pines(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse([330, 40, 470, 180], fill=CLAY)
    for x, top, width in ((130, 190, 110), (300, 90, 150), (460, 220, 100)):
        for n in range(3):
            base = top + (n + 1) * (420 - top) / 3
            half = width * (0.55 + 0.22 * n)
            draw.polygon([(x, top + n * (420 - top) / 4), (x - half, base), (x + half, base)], fill=SPRUCE)
        draw.rectangle([x - 10, 410, x + 10, 450], fill=NIGHT)
    draw.line([(20, 450), (580, 450)], fill=WATER, width=14)


LOGOS: dict[str, tuple[Draw, str, str]] = {
    "maritimes": (_lighthouse, "A lighthouse above the sea", "Un phare au-dessus de la mer"),
    "northern-ontario": (_pines, "Three pines and a low sun", "Trois pins et un soleil bas"),
}


def add_logo(hub: Hub, now: datetime) -> None:
    """Draw the hub's logo and save it as an upload would be. Hubs that are not in LOGOS have none."""
    if hub.slug in LOGOS:
        draw, alt_en, alt_fr = LOGOS[hub.slug]
        image, file = Image.new("RGBA", (600, 480), (255, 255, 255, 0)), BytesIO()
        draw(ImageDraw.Draw(image))
        image.save(file, "PNG")
        file.seek(0)
        logos.save_logo(hub, logos.redraw(file), alt_en=alt_en, alt_fr=alt_fr, now=now)
