"""What an author may write among the notes of a study: one of everything that is kept."""

NOTE = """A paragraph with *emphasis*, **strong**, `code`, H~2~O, "quotes", it's a -- dash and ... dots.
For @nobody and @x-y.
See @fig-headline.[^1] A $5 price & <b>html</b>, {{< meta title >}} and me@example.org.

[^1]: The footnote, with *emphasis*.

# A heading

- one
    - nested

> A quotation

| A | B |
|---|--:|
| 1 | 2 |

: The caption

Term
:   Definition

::: {.callout-note}
## Title of *box*
Text.
:::

::: {.callout-warning}
No title.
:::

::: {.panel-tabset}
## First
One

## Second
Two
:::

```
code block
```

---

[link](https://example.org) [bad](javascript:x) ![elsewhere](http://example.org/a.png) Llŷn, Dŵr
"""
