"""The texts of the sample issues. All names and stories are invented."""

FIRST = {
    "slug": "welcome-to-the-newsletter",
    "slug_fr": "bienvenue-dans-le-bulletin",
    "title_en": "Welcome: what a case discussion can change",
    "title_fr": "Bienvenue : ce qu’une discussion de cas peut changer",
    "preview_en": "How an hour online helps a team of three, and where to start.",
    "preview_fr": "Comment une heure en ligne aide une équipe de trois, et par où commencer.",
    "body_en": """\
Welcome to the first issue. Once a month, we’ll tell you what is new in the program, what teams have learned from each
other, and which sessions are coming up.

## A team of three, and sixty people who listen

When a home care nurse in a small northern town presented a case last spring, she expected advice about medication. The
most useful answer came from a social worker two time zones away: *ask the daughter what she is afraid of at night.*

> We changed one question in our first visit. It now saves us three phone calls a week.

That is how an ECHO session works:

1. A specialist gives a short talk.
2. Someone presents a case, without names.
3. Everyone discusses it, and everyone leaves with something to try.

## New to ECHO?

You don’t need to prepare anything for your first session. Read [how ECHO works](/en/about/), then choose a session that
fits your day. Sessions are free for every health care professional.

## Upcoming sessions

[[upcoming sessions 4]]
""",
    "body_fr": """\
Voici le premier numéro. Une fois par mois, nous vous dirons ce qu’il y a de nouveau dans le programme, ce que les équipes
ont appris les unes des autres et quelles séances approchent.

## Une équipe de trois, et soixante personnes à l’écoute

Le printemps dernier, une infirmière en soins à domicile d’une petite ville du Nord a présenté un cas. Elle attendait un
conseil sur la médication. La réponse la plus utile est venue d’un travailleur social, à deux fuseaux horaires de là :
*demandez à la fille de quoi elle a peur la nuit.*

> Nous avons changé une seule question à la première visite. Elle nous évite maintenant trois appels par semaine.

C’est ainsi que se déroule une séance ECHO :

1. Une personne spécialiste fait un court exposé.
2. Quelqu’un présente un cas, sans aucun nom.
3. Tout le monde en discute, et chaque personne repart avec quelque chose à essayer.

## Vous découvrez ECHO?

Vous n’avez rien à préparer pour votre première séance. Lisez [comment fonctionne ECHO](/fr/a-propos/), puis choisissez une
séance qui convient à votre horaire. Les séances sont gratuites pour toutes les professions de la santé.

## Séances à venir

[[séances à venir 4]]
""",
}

SECOND = {
    "slug": "grief-in-the-team",
    "slug_fr": "le-deuil-dans-l-equipe",
    "title_en": "Grief in the team, new hubs and the sessions ahead",
    "title_fr": "Le deuil dans l’équipe, de nouveaux pôles et les prochaines séances",
    "preview_en": "Three small habits that teams told us about, and who has joined the project.",
    "preview_fr": "Trois petites habitudes que des équipes nous ont racontées, et qui se joint au projet.",
    "body_en": """\
Those who care for dying people grieve too, often between two visits and without saying so. In this issue, teams tell us
what helps them.

![](picture:{picture})

## Three small habits

* **A minute at the door.** Before the next visit, one team stops in the car and says the person’s name aloud.
* **A list that is read, not filed.** Another team reads the names of the people who died that month at the start of its
  meeting. It takes four minutes.
* **Someone to call.** New staff get the number of a colleague who has nothing to do with their schedule.

None of this needs a budget. You can hear more in the series
[Grief in the team](/en/sessions/grief-in-the-team/).

## New hubs

[[new hubs 3]]

## Upcoming sessions

[[upcoming sessions 5]]

---

Would you like to share what your team does? Reply to this email. We read every answer.
""",
    "body_fr": """\
Les personnes qui accompagnent la fin de vie vivent aussi des deuils, souvent entre deux visites et sans le dire. Dans ce
numéro, des équipes racontent ce qui les aide.

![](picture:{picture})

## Trois petites habitudes

* **Une minute à la porte.** Avant la visite suivante, une équipe s’arrête dans la voiture et prononce le nom de la
  personne.
* **Une liste qu’on lit au lieu de la classer.** Une autre équipe commence sa réunion en lisant les noms des personnes
  décédées pendant le mois. Il faut quatre minutes.
* **Quelqu’un à appeler.** Les nouvelles recrues reçoivent le numéro d’une ou d’un collègue qui ne s’occupe pas de leur
  horaire.

Rien de tout cela n’exige de budget. Vous en entendrez davantage dans la série
[Le deuil dans l’équipe]({grief}).

## Nouveaux pôles

[[nouveaux pôles 3]]

## Séances à venir

[[séances à venir 5]]

---

Vous aimeriez nous dire ce que fait votre équipe? Répondez à ce courriel. Nous lisons chaque réponse.
""",
}

DRAFT = {
    "slug": "winter-visits",
    "slug_fr": "visites-d-hiver",
    "title_en": "Winter visits: when the road is closed",
    "title_fr": "Visites d’hiver : quand la route est fermée",
    "preview_en": "What to leave in the house before the storm.",
    "preview_fr": "",
    "body_en": """\
A storm closes the road for two days. What should be in the house before it comes?

## A short list

* Medication for the next three days, with a written plan
* A phone number that is answered at night
* A neighbour who knows what to expect

## Upcoming sessions

[[upcoming sessions]]
""",
    "body_fr": "",
}

OVERVIEW = {
    "slug": "project-overview",
    "title_en": "Overview of the Palliative Care ECHO Project",
    "title_fr": "Aperçu du Projet ECHO sur les soins palliatifs",
}
OVERVIEW_TEXTS = {
    "en": [
        ("H2", "The project"),
        (
            "P",
            (
                "Pallium Canada leads this five-year project with partners in every part of the country. It builds"
                " communities of practice for everyone who cares for people with a life-limiting illness."
            ),
        ),
        ("H2", "How it works"),
        (
            "P",
            (
                "A hub is a team of palliative care specialists. The spokes are care providers where patients live. They"
                " meet on video for an hour: a short talk, then a case from one of the spokes that everyone discusses."
            ),
        ),
        ("H2", "Who can take part"),
        ("P", "Every health care professional in Canada. Sessions are free, in English and in French."),
    ],
    "fr": [
        ("H2", "Le projet"),
        (
            "P",
            (
                "Pallium Canada dirige ce projet de cinq ans avec des partenaires de toutes les régions du pays. Il crée des"
                " communautés de pratique pour toutes les personnes qui soignent des gens atteints d’une maladie grave."
            ),
        ),
        ("H2", "Comment il fonctionne"),
        (
            "P",
            (
                "Un pôle est une équipe spécialisée en soins palliatifs. Les rayons sont les équipes de soins là où vivent"
                " les patientes et patients. Elles se rencontrent en vidéo pendant une heure : un court exposé, puis un cas"
                " présenté par l’une d’elles et discuté par tout le monde."
            ),
        ),
        ("H2", "Qui peut participer"),
        (
            "P",
            "Toutes les professions de la santé au Canada. Les séances sont gratuites, en français et en anglais.",
        ),
    ],
}
