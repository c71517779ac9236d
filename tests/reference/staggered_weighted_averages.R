# Averages of effects by start and period with weights, and their standard errors, in base R: the formulas of Callaway
# and Sant'Anna (2021) as R's package did has them (compute.aggte: pg are means of weights over units of a start, wif the
# noise of these shares), for tests/designs/test_difference_in_differences_peers.py. moderndid 0.2 leaves weights out of
# its averages, so it is no peer here.
# Run in this folder: Rscript staggered_weighted_averages.R. The panel is that of staggered_panel_data.py with 40 units.
d <- read.csv("staggered_weighted_panel.csv")
d <- d[order(d$unit, d$period), ]
last <- max(d$period)
y <- matrix(d$outcome, ncol = last, byrow = TRUE)
first <- d[d$period == 1, ]
w <- first$weight
g <- ifelse(is.na(first$start), Inf, first$start)
n <- length(w)
cells <- expand.grid(period = 1:last, start = sort(unique(g[is.finite(g)])))
cells <- cells[cells$period >= cells$start, ]
one <- function(start, period) {
  change <- y[, period] - y[, start - 1]
  a <- w * (g == start)
  b <- w * is.infinite(g)
  treated <- sum(a * change) / sum(a)
  other <- sum(b * change) / sum(b)
  list(effect = treated - other, influence = a * (change - treated) / mean(a) - b * (change - other) / mean(b))
}
found <- Map(one, cells$start, cells$period)
effect <- sapply(found, `[[`, "effect")
influence <- sapply(found, `[[`, "influence")
share <- function(starts) sapply(starts, function(s) mean(w * (g == s)))
noise <- function(starts, p) {  # n x k, of p / sum(p)
  inside <- sapply(seq_along(starts), function(k) w * (g == starts[k]) - p[k])
  inside / sum(p) - rowSums(inside) %*% t(p / sum(p)^2)
}
average <- function(chosen) {
  p <- share(cells$start[chosen])
  psi <- influence[, chosen, drop = FALSE] %*% (p / sum(p)) + noise(cells$start[chosen], p) %*% effect[chosen]
  list(effect = sum(p * effect[chosen]) / sum(p), influence = as.vector(psi))
}
rows <- list()
keep <- function(quantity, each) {
  se <- sqrt(mean(each$influence^2) / n)
  rows[[length(rows) + 1]] <<- data.frame(quantity = paste(c("effect", "se"), quantity), value = c(each$effect, se))
}
keep("simple", average(seq_along(effect)))
starts <- sort(unique(cells$start))
p <- share(starts)
by <- lapply(starts, function(s) {
  mine <- cells$start == s
  list(effect = mean(effect[mine]), influence = rowMeans(influence[, mine, drop = FALSE]))
})
for (k in seq_along(starts)) keep(paste("group", starts[k]), by[[k]])
each <- sapply(by, `[[`, "effect")
psi <- sapply(by, `[[`, "influence") %*% (p / sum(p)) + noise(starts, p) %*% each
keep("group", list(effect = sum(p * each) / sum(p), influence = as.vector(psi)))
over <- function(kind, labels, of) {
  all <- lapply(labels, function(label) average(which(of == label)))
  for (k in seq_along(labels)) keep(paste(kind, labels[k]), all[[k]])
  keep(kind, list(effect = mean(sapply(all, `[[`, "effect")), influence = rowMeans(sapply(all, `[[`, "influence"))))
}
over("dynamic", sort(unique(cells$period - cells$start)), cells$period - cells$start)
over("calendar", sort(unique(cells$period)), cells$period)
out <- do.call(rbind, rows)
out$value <- trimws(formatC(out$value, digits = 12, format = "g"))
write.csv(out, "staggered_weighted_averages.csv", row.names = FALSE, quote = FALSE)
