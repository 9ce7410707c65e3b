"""Everything drawn of a version: one structure gives the picture, the table and the CSV file."""

from retraining.charts.chart import Cell, Chart, Column, csv_lines
from retraining.charts.evaluation import chart_named, charts_of, threshold_chart

__all__ = ["Cell", "Chart", "Column", "chart_named", "charts_of", "csv_lines", "threshold_chart"]
