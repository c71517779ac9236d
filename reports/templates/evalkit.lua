-- For every engine: callouts, tabsets that need no script, and links that lead to web pages, mail and places in the site
-- and to nothing else. For the engine that is pandoc alone: numbers of figures and tables, and references to them.

local names = {note = "Note", tip = "Tip", important = "Important", warning = "Warning", caution = "Caution"}
local numbers = {}
local counts = {fig = 0, tbl = 0}
local kinds = {fig = "Figure", tbl = "Table"}

local function number(id)
  local kind = id:match("^(%l+)%-")
  if kind and counts[kind] and not numbers[id] then
    counts[kind] = counts[kind] + 1
    numbers[id] = kinds[kind] .. " " .. counts[kind]
  end
  return numbers[id]
end

-- A figure or table written in Markdown gets its number before its caption.
local function with_number(caption, id)
  local text = number(id)
  if text and caption.long and #caption.long > 0 then
    caption.long[1].content:insert(1, pandoc.Str(text .. ":"))
    caption.long[1].content:insert(2, pandoc.Space())
  end
  return caption
end

local function figure(element)
  if number(element.identifier) then
    element.caption = with_number(element.caption, element.identifier)
    return element
  end
end

local function table_(element)
  local caption = element.caption
  if caption.long and #caption.long > 0 then
    local last = caption.long[#caption.long].content
    local label = last[#last] and last[#last].text and last[#last].text:match("^{#(tbl%-[%w%-]+)}$")
    if label then
      last:remove(#last)
      if last[#last] and last[#last].t == "Space" then last:remove(#last) end
      element.identifier = label
    end
  end
  if number(element.identifier) then
    element.caption = with_number(caption, element.identifier)
    return element
  end
end

local function reference(element)
  local citation = element.citations[1]
  local text = numbers[citation.id]
  if #element.citations == 1 and text then
    if citation.mode == "SuppressAuthor" then text = text:match("%d+") end
    return pandoc.Link(text, "#" .. citation.id)
  end
  return element.content  -- not a reference: print what was typed
end

-- Quarto resolves references of its own kinds by itself; of any other @name what was typed is printed.
local resolved = {fig = true, tbl = true, sec = true, lst = true, eq = true, thm = true}
local function typed(element)
  for _, citation in ipairs(element.citations) do
    if resolved[citation.id:match("^(%l+)%-")] then return nil end
  end
  return element.content
end

local function callout(element, kind)
  local title = names[kind]
  local first = element.content[1]
  if first and first.t == "Header" then
    title = pandoc.utils.stringify(first)
    element.content:remove(1)
  end
  element.content:insert(1, pandoc.Div(pandoc.Para(pandoc.Strong(title)), {class = "boxed-title"}))
  element.classes = {"boxed", "boxed-" .. kind}
  element.attributes = {role = "note"}
  return element
end

-- Tabs that need no script: each is a part that opens and closes, the first one open.
local function tabset(element)
  local blocks, level, opened = pandoc.List(), nil, false
  for _, block in ipairs(element.content) do
    if block.t == "Header" and (level == nil or block.level == level) then
      level = block.level
      if opened then blocks:insert(pandoc.RawBlock("html", "</details>")) end
      blocks:insert(pandoc.RawBlock("html", opened and "<details>" or "<details open>"))
      blocks:insert(pandoc.RawBlock("html", "<summary>"))
      blocks:insert(pandoc.Plain(block.content))
      blocks:insert(pandoc.RawBlock("html", "</summary>"))
      opened = true
    else
      blocks:insert(block)
    end
  end
  if opened then blocks:insert(pandoc.RawBlock("html", "</details>")) end
  element.content = blocks
  element.classes = {"tabset"}
  return element
end

local function div(element)
  for _, class in ipairs(element.classes) do
    local kind = class:match("^callout%-(%l+)$")
    if kind and names[kind] then return callout(element, kind) end
    if class == "panel-tabset" then return tabset(element) end
  end
end

local function link(element)
  local target = element.target:gsub("[%c%s]", "")
  local scheme = target:match("^([%w%+%.%-]*[^%w%+%.%-/?#]*[%w%+%.%-]*):")
  if target:match("^//") or (scheme and not ({http = 1, https = 1, mailto = 1})[scheme:lower()]) then
    return pandoc.Span(element.content)
  end
  if not scheme then
    element.target = element.target:gsub("%.qmd$", ".html"):gsub("%.qmd#", ".html#")
    return element
  end
end

-- An image that would be fetched from elsewhere is not shown; its words are.
local function image(element)
  if element.src:match("^%s*//") or element.src:match("^%s*[%w%+%.%-]+:") then
    return pandoc.Span(element.caption)
  end
end

if quarto then
  return {{Cite = typed, Div = div, Link = link, Image = image}}
end
return {
  {Figure = figure, Table = table_},
  {Cite = reference, Div = div, Link = link, Image = image},
}
