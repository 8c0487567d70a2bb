"""The line over the planes: how they stand, how thick and of what a slab is, how uptake is painted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from compare.reformat.mpr_state import THICKEST_MM
from compare.reformat.plane import SlabMode
from compare.session.planes_view import FusionStyle, PlanesArrangement
from compare.viewing.volume_presets import volume_presets
from viewer.planes.plane_words import arrangement_text, colour_map_text, preset_text, slab_kind_text
from viewer.rendering.colour_maps import COLOUR_MAP_NAMES

translate = QCoreApplication.translate

_SLIDER_WIDTH_PX = 90


class PlanesBar(QWidget):
    """Says what the reader wants; shows what is. Takes no keys: those belong to the window.

    Signals: ``arranged(PlanesArrangement)``, ``slab_chosen(float thickness_mm, SlabMode)``, ``styled(FusionStyle)``
    ``restored()``: from one plane back to all; ``preset_chosen(str)`` of volumes.
    """

    arranged = Signal(object)
    slab_chosen = Signal(float, object)
    styled = Signal(object)
    restored = Signal()
    preset_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style_shown = FusionStyle()
        self.arrangement, self.mode, self.colour_map, self.preset = (QComboBox() for _ in range(4))
        self.all_planes = QToolButton()
        self.thickness = QDoubleSpinBox()
        self.thickness.setRange(0.0, THICKEST_MM)
        self.thickness.setDecimals(1)
        self.thickness.setSuffix(" mm")
        self.opacity, self.threshold = QSlider(Qt.Orientation.Horizontal), QSlider(Qt.Orientation.Horizontal)
        self.labels = {name: QLabel() for name in ("slab", "uptake", "opacity", "threshold")}
        for arrangement in PlanesArrangement:
            self.arrangement.addItem("", arrangement.value)
        for mode in SlabMode:
            self.mode.addItem("", mode.value)
        for name in COLOUR_MAP_NAMES:
            self.colour_map.addItem("", name)
        for code in volume_presets():
            self.preset.addItem("", code)
        self._lay_out()
        self._retranslate()
        self.arrangement.activated.connect(
            lambda: self.arranged.emit(PlanesArrangement(str(self.arrangement.currentData())))
        )
        self.mode.activated.connect(self._choose_slab)
        self.thickness.valueChanged.connect(self._choose_slab)
        self.colour_map.activated.connect(self._choose_style)
        self.opacity.valueChanged.connect(self._choose_style)
        self.threshold.valueChanged.connect(self._choose_style)
        self.preset.activated.connect(lambda: self.preset_chosen.emit(str(self.preset.currentData())))
        self.all_planes.clicked.connect(self.restored)

    def show_what_is(
        self,
        arrangement: PlanesArrangement,
        slab: tuple[float, SlabMode],
        style: FusionStyle | None,
        preset: str,
        *,
        is_single: bool,
    ) -> None:
        """Take arrangement, (thickness in mm, kind) of the slab, and the style of uptake where there is any."""
        _choose(self.arrangement, arrangement.value)
        _choose(self.mode, slab[1].value)
        self._set(self.thickness, slab[0])
        self.all_planes.setVisible(is_single)
        self.preset.setVisible(arrangement is PlanesArrangement.WITH_VOLUME)
        _choose(self.preset, preset)
        for widget in (self.colour_map, self.opacity, self.threshold):
            widget.setVisible(style is not None)
        for name in ("uptake", "opacity", "threshold"):
            self.labels[name].setVisible(style is not None)
        if style is not None:
            self._style_shown = style
            _choose(self.colour_map, style.colour_map)
            self._set(self.opacity, round(style.opacity * 100.0))
            self._set(self.threshold, round(style.threshold_share * 100.0))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Words follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    def _lay_out(self) -> None:
        line = QHBoxLayout(self)
        line.setContentsMargins(6, 2, 6, 2)
        line.setSpacing(6)
        for slider in (self.opacity, self.threshold):
            slider.setRange(0, 100)
            slider.setFixedWidth(_SLIDER_WIDTH_PX)
        labels = self.labels
        widgets: tuple[QWidget, ...] = (
            self.arrangement, self.preset, self.all_planes, labels["slab"], self.thickness, self.mode, labels["uptake"],
            self.colour_map, labels["opacity"], self.opacity, labels["threshold"], self.threshold,
        )  # fmt: skip
        for widget in widgets:
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            line.addWidget(widget)
        # A number may be typed into, once it is clicked.
        self.thickness.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        line.addStretch(1)

    def _retranslate(self) -> None:
        texts = {
            "slab": translate("Planes", "Slab"),
            "uptake": translate("Planes", "Uptake"),
            "opacity": translate("Planes", "Opacity"),
            "threshold": translate("Planes", "Transparent below"),
        }
        for name, text in texts.items():
            self.labels[name].setText(text)
        self.all_planes.setText(translate("Planes", "All planes"))
        for index in range(self.arrangement.count()):
            arrangement = PlanesArrangement(str(self.arrangement.itemData(index)))
            self.arrangement.setItemText(index, arrangement_text(arrangement))
        for index in range(self.preset.count()):
            self.preset.setItemText(index, preset_text(str(self.preset.itemData(index))))
        for index in range(self.mode.count()):
            self.mode.setItemText(index, slab_kind_text(SlabMode(str(self.mode.itemData(index)))))
        for index in range(self.colour_map.count()):
            self.colour_map.setItemText(index, colour_map_text(str(self.colour_map.itemData(index))))

    def _choose_slab(self) -> None:
        self.slab_chosen.emit(self.thickness.value(), SlabMode(str(self.mode.currentData())))

    def _choose_style(self) -> None:
        style = replace(
            self._style_shown,
            colour_map=str(self.colour_map.currentData()),
            opacity=self.opacity.value() / 100.0,
            threshold_share=self.threshold.value() / 100.0,
        )
        self._style_shown = style
        self.styled.emit(style)

    @staticmethod
    def _set(widget: QSlider | QDoubleSpinBox, value: float) -> None:
        """Show a value without saying that the reader chose it."""
        widget.blockSignals(True)
        if isinstance(widget, QSlider):
            widget.setValue(round(value))
        else:
            widget.setValue(value)
        widget.blockSignals(False)


def _choose(box: QComboBox, data: str) -> None:
    box.setCurrentIndex(max(box.findData(data), 0))
