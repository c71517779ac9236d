-- For PDF and Word: images with their words, boxes, and rows of tables that stay whole.

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

local function typst(text) return pandoc.RawInline("typst", text) end

-- The writer of Typst leaves out what an image says to those who do not see it.
local function image(element)
  local words = pandoc.utils.stringify(element.caption)
  if FORMAT == "typst" then
    local wide = tonumber(element.attributes.width or "") or 0
    local width = (wide > 0 and wide < 500) and (wide * 0.75) .. "pt" or "100%"
    return typst("#picture(" .. quoted(element.src) .. ", " .. width .. ", " .. quoted(words) .. ")")
  end
  element.src = element.src:gsub("%.svg$", ".png")
  return element
end

local function box(element)
  if FORMAT ~= "typst" then return element.content end
  local kind = element.classes:includes("boxed") and "boxed" or element.classes[1]
  local blocks = pandoc.List({pandoc.RawBlock("typst", "#" .. kind .. "[")})
  blocks:extend(element.content)
  blocks:insert(pandoc.RawBlock("typst", "]"))
  return blocks
end

-- A word longer than a column is broken anywhere rather than printed over its neighbour; a fingerprint, which people
-- copy, has a column of its own length.
local function word(element)
  if FORMAT ~= "typst" or utf8.len(element.text) <= 30 or element.text:match("^%x+$") then return nil end
  local broken, run = {}, 0
  for _, code in utf8.codes(element.text) do
    broken[#broken + 1] = utf8.char(code)
    run = (code == 32 or code == 45 or code == 47) and 0 or run + 1
    if run == 30 then
      broken[#broken + 1] = "\u{200B}"
      run = 0
    end
  end
  element.text = table.concat(broken)
  return element
end

-- Cells of the summary stand beside one another; Word has them one below the other.
local function beside(element)
  if FORMAT ~= "typst" then return element.content end
  local blocks = pandoc.List({pandoc.RawBlock("typst", "#" .. element.classes[1] .. "(")})
  for _, cell in ipairs(element.content) do
    blocks:insert(pandoc.RawBlock("typst", "["))
    blocks:extend(cell.content or {cell})
    blocks:insert(pandoc.RawBlock("typst", "],"))
  end
  local label = element.identifier ~= "" and " #metadata(none) <" .. element.identifier .. ">" or ""
  blocks:insert(pandoc.RawBlock("typst", ")" .. label))
  return blocks
end

-- The bar of a scale; the words beside it say the same.
local function pips(element)
  if not element.classes:includes("pips") then return nil end
  if FORMAT ~= "typst" then return {} end
  return typst("#pips(" .. element.attributes.on .. ", " .. element.attributes.of .. ")")
end

local rows = {hero = true, numbers = true, scales = true, chartrow = true, shorts = true, people = true}
local boxes = {boxed = true, author = true, status = true, answer = true, question = true, fig = true, summary = true}

local function div(element)
  for _, class in ipairs(element.classes) do
    if boxes[class] then return box(element) end
    if rows[class] then return beside(element) end
    if class == "cell" and FORMAT ~= "typst" then return element.content end
  end
end

return {{Image = image, Div = div, Span = pips, Str = word}}
