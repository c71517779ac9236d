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
    local width = wide >= 500 and "100%" or (wide > 0 and (wide * 0.75) .. "pt" or "100%")
    return typst("#image(" .. quoted(element.src) .. ", width: " .. width .. ", alt: " .. quoted(words) .. ")")
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

local boxes = {boxed = true, author = true, status = true, answer = true, question = true, fig = true}

local function div(element)
  for _, class in ipairs(element.classes) do
    if boxes[class] then return box(element) end
  end
end

return {{Image = image, Div = div, Str = word}}
